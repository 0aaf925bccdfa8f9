"""The demo enterprise: generated from a fixed seed, lived in, and prepared for today."""
