"""The guard of load tests, proven with Locust itself in processes of its own."""
