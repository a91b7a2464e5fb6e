"""From accepted entry to verdict: the spool keeps, the lanes send, the policy decides."""
