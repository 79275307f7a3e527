"""The door for everything that is not a catalogue: bytes in, records and arrays out."""
