"""The adb protocol: sockets, the server, shell commands, copying files."""
