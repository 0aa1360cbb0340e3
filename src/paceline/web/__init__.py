"""What talks to a server that is no source of data."""
