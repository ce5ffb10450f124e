using Larder.Testing;

namespace StandIns.Durable.Tests;

/// <summary>The patterns of the official documentation.</summary>
public sealed class PatternTests(Azurite azurite) : IClassFixture<Azurite>
{
    public static class Functions
    {
        [Function("Chain")]
        public static async Task<string> Chain([OrchestrationTrigger] TaskOrchestrationContext context, string text)
        {
            text = await context.CallActivityAsync<string>("Append", text + "1");
            text = await context.CallActivityAsync<string>("Append", text + "2");
            return await context.CallActivityAsync<string>("Append", text + "3");
        }

        [Function("Append")]
        public static string Append([ActivityTrigger] string text) => text + ";";

        [Function("FanOut")]
        public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var parts = Enumerable.Range(1, count).Select(i => context.CallActivityAsync<int>("Square", i));
            return (await Task.WhenAll(parts)).Sum();
        }

        [Function("Square")]
        public static async Task<int> Square([ActivityTrigger] int number)
        {
            await Task.Yield();
            return number * number;
        }
    }

    [Fact]
    public async Task Activities_are_chained()
    {
        await using var host = await DurableHost.StartAsync(azurite, DurableHost.NewHubName(), typeof(Functions));

        var end = await host.RunAsync("Chain", "a");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal("a1;2;3;", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Two_hundred_activities_fan_out_and_in()
    {
        await using var host = await DurableHost.StartAsync(azurite, DurableHost.NewHubName(), typeof(Functions));

        var end = await host.RunAsync("FanOut", 200);

        Assert.Equal(Enumerable.Range(1, 200).Sum(i => i * i), end.ReadOutputAs<int>());
    }
}
