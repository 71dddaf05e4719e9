"""What holds for all tests of our own code."""

from hypothesis import settings

# A test's time says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
