"""Models that Spark builds: their build, and the views of their files."""
