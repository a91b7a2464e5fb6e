"""Help with the account at TikTok: logging in, finding what is wrong, how well events match people."""
