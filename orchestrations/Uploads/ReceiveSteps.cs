using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Uploads;

/// <summary>What the orchestrations of uploads have in common: what is around their steps.</summary>
internal static class ReceiveSteps
{
    /// <summary>Begins the job, runs its steps, and ends it, however they end.</summary>
    /// <param name="context">The orchestration, whose input is the job's id.</param>
    /// <param name="receive">The steps: of which job, and a task that is completed when somebody wants it to be canceled.</param>
    public static async Task RunAsync(TaskOrchestrationContext context, Func<string, Task, Task<EndJob.Input>> receive)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        EndJob.Input ending;
        try
        {
            await context.CallActivityAsync(ActivityNames.BeginJob, job, RetryPolicies.Default);
            ending = await receive(job, cancel);
        }
        catch (TaskFailedException e)
        {
            ending = EndJob.Input.Failed(job, JobEnding.Of(e));
        }

        await context.CallActivityAsync(ActivityNames.EndJob, ending, RetryPolicies.Cleanup);
    }
}
