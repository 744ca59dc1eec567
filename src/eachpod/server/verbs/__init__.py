"""The deciding steps of each API verb: objects in, a change or an error out."""
