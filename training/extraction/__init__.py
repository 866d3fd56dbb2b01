"""Recordings of many layouts into landmark stores: what to read, how to read it, and how to resume."""
