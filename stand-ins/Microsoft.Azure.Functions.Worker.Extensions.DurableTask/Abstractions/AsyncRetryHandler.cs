namespace Microsoft.DurableTask;

/// <summary>Says after a failure whether to try again. It is orchestrator code: it may await durable tasks, such as a timer, and nothing else.</summary>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);
