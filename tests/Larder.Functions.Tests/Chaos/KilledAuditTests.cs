using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Schedules;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

/// <summary>
/// SIGKILL while several callers edit, move aliases, publish, and change schedules. Afterwards every acknowledged change has exactly one record with what it
/// was before and after, there is no record of a change that was not requested, and revisions have no gap.
/// </summary>
public sealed class KilledAuditTests
{
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 4);
    private const int Callers = 6;
    private const int Enough = 30;

    [Theory]
    [InlineData("blobs")]
    [InlineData("cosmos")]
    public async Task Every_acknowledged_change_has_exactly_one_record(string kind)
    {
        await using var stores = await OwnStores.StartAsync(kind);
        var asked = new Asked();

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await stores.StartLarderAsync();
            if (kill == 0)
            {
                await larder.Client.UploadAsync("hot", OnnxModel.Linear());
                await larder.Client.UploadAsync("hot", OnnxModel.Linear(classes: 4));
            }

            var schedule = await ScheduleAsync(larder.Client, asked);
            var enough = new TaskCompletionSource();
            var start = (asked.Acknowledged.Count, asked.Moved);
            var working = Task.WhenAll(
                Enumerable.Range(0, Callers).Select(caller => UntilKilledAsync(i => EditAsync(larder.Client, asked, caller, i), asked, start, enough))
                    .Append(UntilKilledAsync(i => MoveAsync(larder.Client, asked, i), asked, start, enough))
                    .Append(UntilKilledAsync(_ => PublishAsync(larder.Client, asked), asked, start, enough))
                    .Append(UntilKilledAsync(i => ReviseAsync(larder.Client, asked, schedule, i), asked, start, enough)));
            await enough.Task;
            await larder.KillAsync();
            await working;
        }

        await using var survivor = await stores.StartLarderAsync();
        var records = new List<JsonNode>(await survivor.Client.AuditAsync("subject=model:hot"));
        foreach (var schedule in asked.Schedules)
            records.AddRange(await survivor.Client.AuditAsync($"subject=schedule:{schedule}"));

        // What was acknowledged has one record, what was asked for one or none, and nothing else has any.
        var tokens = records.Select(Token).OfType<string>().ToList();
        Assert.Equal(tokens.Count, tokens.Distinct().Count());
        Assert.Empty(asked.Acknowledged.Except(tokens));
        Assert.Empty(tokens.Except(asked.All));
        Assert.True(asked.Acknowledged.Count >= Kills * Enough);

        AssertChained(records);
        await AssertTrueAsync(survivor.Client, records);

        // Having been asked for one by one, they are all in the list of everything too.
        var listed = (await survivor.Client.AuditAsync("")).Select(record => (string)record["id"]!).Where(id => !id.StartsWith("settings", StringComparison.Ordinal));
        Assert.Equal(records.Select(record => (string)record["id"]!).Order(), listed.Order());
    }

    /// <summary>Each record of a thing begins where the one before it ended, and their numbers have no gap.</summary>
    private static void AssertChained(IEnumerable<JsonNode> records)
    {
        foreach (var one in records.GroupBy(record => ((string)record["id"]!).Split('/')[0]))
        {
            var inOrder = one.OrderBy(record => (int)record["revision"]!).ToList();
            Assert.Equal(Enumerable.Range(1, inOrder.Count), inOrder.Select(record => (int)record["revision"]!));
            Assert.Equal(inOrder.Select(record => (DateTimeOffset)record["when"]!).Order(), inOrder.Select(record => (DateTimeOffset)record["when"]!));
            var state = new Dictionary<string, string?>();
            foreach (var record in inOrder)
            {
                var before = Leaves((string)record["subject"]!, record["before"]);
                var after = Leaves((string)record["subject"]!, record["after"]);
                foreach (var (path, value) in before)
                    Assert.True(!state.TryGetValue(path, out var was) || was == value, $"{record}: {path} was {state.GetValueOrDefault(path)}.");
                foreach (var (path, value) in after)
                    state[path] = value;
            }
        }
    }

    /// <summary>The newest record of each thing says what is there now.</summary>
    private static async Task AssertTrueAsync(HttpClient client, IReadOnlyList<JsonNode> records)
    {
        var model = (await client.GetJsonAsync("/api/v1/models/hot")).Body["model"]!;
        var published = records.Where(record => (string)record["what"]! == "publish").Select(record => (int)record["after"]!["version"]!).ToList();
        Assert.Equal(Enumerable.Range(1, (int)model["latest_version"]!), published.Order());
        var moved = records.Where(record => (string)record["what"]! == "set_alias").MaxBy(record => (int)record["revision"]!);
        Assert.NotNull(moved);
        Assert.Equal((int)model["aliases"]!["champion"]!, (int)moved["after"]!["version"]!);
        foreach (var (tag, value) in model["tags"]!.AsObject())
        {
            var newest = records.Where(record => record["after"]?["tags"]?[tag] is not null).MaxBy(record => (int)record["revision"]!);
            Assert.Equal((string)value!, (string)newest!["after"]!["tags"]![tag]!);
        }
    }

    // What each request asked for, as its record repeats it. Moves of aliases have no room for a word of their own.
    private static string? Token(JsonNode record) => (string)record["what"]! switch
    {
        "update" when record["after"]!["tags"] is JsonObject tags => $"tag {tags.Single().Key} {tags.Single().Value}",
        "update" => $"schedule {record["after"]!["description"]}",
        "create" => $"create {((string)record["subject"]!).Split(':')[1]}",
        "publish" when (string)record["after"]!["source"]! is { } source && source != "upload" => $"publish {source}",
        _ => null,
    };

    private static Dictionary<string, string?> Leaves(string path, JsonNode? value)
    {
        if (value is not JsonObject members)
            return value is null ? [] : new Dictionary<string, string?> { [path] = value.ToJsonString() };
        return members.SelectMany(member => Leaves($"{path}.{member.Key}", member.Value)).ToDictionary();
    }

    private static async Task UntilKilledAsync(Func<int, Task> act, Asked asked, (int Acknowledged, int Moved) start, TaskCompletionSource enough)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                await act(i);
                if (asked.Acknowledged.Count - start.Acknowledged >= Enough && asked.Moved > start.Moved)
                    enough.TrySetResult();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            // Killed. What was asked last may be done or not.
        }
    }

    private static Task EditAsync(HttpClient client, Asked asked, int caller, int number)
    {
        var value = $"{Guid.NewGuid():N}-{number}";
        return asked.AskAsync(
            $"tag caller-{caller} {value}",
            () => client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/hot", $$$"""{"tags":{"caller-{{{caller}}}":"{{{value}}}"}}"""));
    }

    private static Task MoveAsync(HttpClient client, Asked asked, int number) =>
        asked.AskAsync(null, () => client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/hot/aliases/champion", $$"""{"version":{{1 + (number % 2)}} }"""));

    private static Task PublishAsync(HttpClient client, Asked asked)
    {
        var source = $"test-{Guid.NewGuid():N}";
        return asked.AskAsync($"publish {source}", () => client.UploadAsync("hot", OnnxModel.Linear(), fields: ("source", source)));
    }

    private static Task ReviseAsync(HttpClient client, Asked asked, string schedule, int number)
    {
        var text = $"{Guid.NewGuid():N}-{number}";
        return asked.AskAsync(
            $"schedule {text}", () => client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{schedule}", $$"""{"description":"{{text}}"}"""));
    }

    private static async Task<string> ScheduleAsync(HttpClient client, Asked asked)
    {
        var answer = await client.ScheduleAsync($$"""
            {"name": "audited", "cron": "{{ScheduleClient.Yearly}}", "job": {"type": "score", "model": "hot", "inputs": {"dataset": "uploads/hot/rows.csv"} } }
            """);
        Assert.True(answer.Code == 201, answer.Description);
        var id = (string)answer.Body["schedule"]!["id"]!;
        asked.Schedules.Add(id);
        asked.All.Add($"create {id}");
        asked.Acknowledged.Add($"create {id}");
        return id;
    }

    /// <summary>What was asked for, and what of it was acknowledged.</summary>
    private sealed class Asked
    {
        public ConcurrentBag<string> All { get; } = [];

        public ConcurrentBag<string> Acknowledged { get; } = [];

        /// <summary>How often the alias was moved; one caller does.</summary>
        public int Moved { get; private set; }

        public List<string> Schedules { get; } = [];

        public async Task AskAsync(string? token, Func<Task<Answer>> send)
        {
            if (token is not null)
                All.Add(token);
            var answer = await send();
            if (answer.Status is not (HttpStatusCode.OK or HttpStatusCode.Created))
                return;
            if (token is null)
                Moved++;
            else
                Acknowledged.Add(token);
        }
    }
}
