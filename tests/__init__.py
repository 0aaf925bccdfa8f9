"""Tests that read like chats, and the doubles at the far side of the network."""
