"""Change: per-pixel monitoring of a cube against its own history."""
