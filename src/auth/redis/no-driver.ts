/** In the bundle, what the queue's other stores ask for when they are used, and nobody uses them: PostgreSQL and Valkey's own client. */
throw new Error("The auth service keeps its queue in Redis alone.");
