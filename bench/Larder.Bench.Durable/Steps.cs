using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Bench.Durable;

/// <summary>An orchestration whose activities do nothing: what is left is the engine.</summary>
public static class Steps
{
    [Function(nameof(Chain))]
    public static async Task<int> Chain([OrchestrationTrigger] TaskOrchestrationContext context, int count)
    {
        for (var i = 0; i < count; i++)
            await context.CallActivityAsync<int>(nameof(Step), i);
        return count;
    }

    [Function(nameof(Step))]
    public static int Step([ActivityTrigger] int number) => number;
}
