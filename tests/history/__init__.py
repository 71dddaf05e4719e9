"""Production history."""
