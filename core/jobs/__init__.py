"""Work that outlives a request: a queue in the database, a worker, a child process for each job."""
