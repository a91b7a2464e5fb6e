"""`tagwright try`: expressions and rules against one sample event, line by line."""
