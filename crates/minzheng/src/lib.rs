//! The binary: commands and configuration. It alone reads the clock, the environment and the command line.
