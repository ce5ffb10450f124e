using DurableTask.Core.History;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Uploads;
using Newtonsoft.Json.Linq;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>
/// Instances that an earlier release began go on in this one: each committed history is replayed against the code by the official engine's own executor.
/// README.md of orchestrations/ says what to do when one of these tests fails.
/// </summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Recorded => [.. Histories.Paths];

    [Theory]
    [MemberData(nameof(Recorded))]
    public void An_instance_that_was_begun_by_an_earlier_release_comes_to_the_same_end(string path)
    {
        var history = Histories.Read(path);
        Assert.Null(history.Difference(Orchestrators.All[history.Orchestrator]));
    }

    [Fact]
    public void Every_orchestrator_has_histories_and_every_call_of_an_activity_is_in_one()
    {
        var histories = Histories.Paths.Select(Histories.Read).ToList();
        Assert.Equal(Orchestrators.All.Keys.Order(StringComparer.Ordinal), histories.Select(history => history.Orchestrator).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(
            typeof(ActivityNames).GetFields().Select(field => (string)field.GetRawConstantValue()!).Order(StringComparer.Ordinal),
            histories.SelectMany(history => history.Events).Where(IsCall).Select(Name).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A history with a call less, or with two calls in the other order, is that of code which is otherwise.</summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_call_that_the_code_has_and_the_history_has_not_or_has_elsewhere_is_found(string path)
    {
        var history = Histories.Read(path);
        var code = Orchestrators.All[history.Orchestrator];
        var calls = history.Events.Where(IsCall).ToList();
        // Of what is called again and again, the first and the last call.
        foreach (var call in calls.GroupBy(Name).SelectMany(same => new[] { same.First(), same.Last() }).Distinct())
            Assert.True(Without(history, Id(call)).Difference(code) is not null, $"{Name(call)}, which is left out at {Id(call)}, is not missed.");
        foreach (var (one, other) in calls.Zip(calls.Skip(1)).Where(pair => Name(pair.First) != Name(pair.Second)).DistinctBy(pair => (Name(pair.First), Name(pair.Second))))
            Assert.True(Exchanged(history, one, other).Difference(code) is not null, $"{Name(one)} and {Name(other)} can change places unnoticed.");
    }

    [Fact]
    public void Code_with_calls_in_another_order_without_one_or_with_one_more_is_found()
    {
        var history = Histories.Read(
            Path.Combine(OrchestrationNames.ReceiveDataset, $"{nameof(ReceiveDatasetTests.A_data_set_goes_through_its_steps_and_says_how_it_is_named)}.json"));
        string[] calls = [.. history.Events.Where(IsCall).Select(Name)];
        Assert.Equal(4, calls.Length);
        Assert.Null(history.Difference(Calling(calls)));

        for (var i = 0; i < calls.Length; i++)
        {
            Assert.NotNull(history.Difference(Calling([.. calls[..i], .. calls[(i + 1)..]])));
            Assert.NotNull(history.Difference(Calling([.. calls[..i], ActivityNames.DeleteCompute, .. calls[i..]])));
            Assert.NotNull(history.Difference(Calling([.. calls[..i], ActivityNames.DeleteCompute, .. calls[(i + 1)..]])));
            Assert.NotNull(history.Difference(Calling([.. calls[..i], .. calls[i..].Reverse()])) ?? (i == calls.Length - 1 ? "There is nothing to reverse." : null));
        }

        Assert.NotNull(history.Difference(Calling([.. calls, ActivityNames.DeleteCompute])));
        Assert.NotNull(history.Difference(new Orchestrator<string>(context => context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None))));
    }

    private static Orchestrator<string> Calling(string[] calls) => new(async context =>
    {
        foreach (var call in calls)
            await context.CallActivityAsync<object?>(call, "it");
    });

    private static History Without(History history, int call)
    {
        var events = new List<JObject>();
        foreach (var happened in history.Events)
        {
            if ((IsCall(happened) && Id(happened) == call) || (int?)happened[nameof(TaskCompletedEvent.TaskScheduledId)] == call)
                continue;
            var kept = (JObject)happened.DeepClone();
            foreach (var id in new[] { nameof(HistoryEvent.EventId), nameof(TaskCompletedEvent.TaskScheduledId), nameof(TimerFiredEvent.TimerId) })
            {
                if ((int?)kept[id] > call)
                    kept[id] = (int)kept[id]! - 1;
            }

            events.Add(kept);
        }

        return new History(history.Orchestrator, events);
    }

    private static History Exchanged(History history, JObject one, JObject other) => new(
        history.Orchestrator,
        [
            .. history.Events.Select(happened =>
            {
                var kept = (JObject)happened.DeepClone();
                if (ReferenceEquals(happened, one) || ReferenceEquals(happened, other))
                    kept[nameof(TaskScheduledEvent.Name)] = Name(ReferenceEquals(happened, one) ? other : one);
                return kept;
            }),
        ]);

    private static bool IsCall(JObject happened) => (string?)happened[nameof(HistoryEvent.EventType)] == nameof(EventType.TaskScheduled);

    private static int Id(JObject call) => (int)call[nameof(HistoryEvent.EventId)]!;

    private static string Name(JObject call) => (string)call[nameof(TaskScheduledEvent.Name)]!;
}
