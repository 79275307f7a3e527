"""From findings to what people read: figures, tables and the report, as bytes, text and dicts; nothing here opens a file."""
