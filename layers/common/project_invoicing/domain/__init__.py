"""The business itself: models, rules and arithmetic. No I/O, no clock, no environment."""
