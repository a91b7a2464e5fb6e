"""Everything that knows TikTok: its catalogue, payloads, client, judge and a server that behaves like it."""
