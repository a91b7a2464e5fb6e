"""What is measured: one module a case, each with `measure(options)` and `table(found)`."""
