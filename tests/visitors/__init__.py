"""What is remembered of visitors: what is told, what is kept, how it ends."""
