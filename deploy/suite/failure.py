class Failure(Exception):
    """Something a person can act on; its text is what they read."""
