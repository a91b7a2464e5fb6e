"""Several processes on one port: workers take events and map them, the keeper stores and sends them.

arrivals = decode(request)                    in a worker: requests, keys, rules
entries  = rules(arrivals)
stored   = await keeper.put(entries)          one message for all requests of a turn of the event loop
answer 202                                    after the keeper's commit

The keeper alone has the spool, so that dedup is exact, and the tokens. A worker that dies takes only requests
with it that have not been answered: what the keeper got of them is stored once, what it did not get is not.
"""
