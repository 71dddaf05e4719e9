"""The dialects of simulated multimeters beside that of the 34465A, over the same meter."""
