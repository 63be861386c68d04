"""What is compared: each module is one contestant, run as a process of its own; it prints one line of JSON."""
