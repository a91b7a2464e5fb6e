"""The account helpers: login, doctor, coverage."""
