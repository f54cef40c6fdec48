"""The config file: its types, where it is looked for, how it is read, checked and written."""
