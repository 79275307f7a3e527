"""The order of the work. This room knows which step comes after which, and computes nothing."""
