"""Services between the program and the operating system: files, processes, streams and progress."""
