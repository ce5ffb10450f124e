using Microsoft.DurableTask;

namespace Larder.Orchestrations.Jobs;

/// <summary>How often the activities of jobs are tried: storage or a service may be away for a while; what is wrong for good comes as a result, not as an exception.</summary>
internal static class RetryPolicies
{
    /// <summary>For most: some six minutes.</summary>
    public static TaskOptions Default { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 10, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(1)));

    /// <summary>For the last steps: what is left running costs money, and the job cannot end before. Some eight hours.</summary>
    public static TaskOptions Cleanup { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 100, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(5)));
}
