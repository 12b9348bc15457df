"""What an org says at this moment about a change that is to be made."""
