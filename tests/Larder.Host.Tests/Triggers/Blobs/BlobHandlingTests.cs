using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Core.Diagnostics;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Host.Tests.Triggers.Blobs;

/// <summary>Which blobs a function gets, and how often.</summary>
[Collection(AzuriteCollection.Name)]
public class BlobHandlingTests(Azurite azurite)
{
    [Fact]
    public async Task Five_hundred_blobs_at_once_are_handled_once_each_and_a_bounded_number_at_a_time()
    {
        var fixture = new BlobFixture(azurite, maxDegreeOfParallelism: 6);
        var work = new Work { Parallel = 6 };
        await using var host = await TestHost.StartAsync<Working>(fixture.Settings, work);
        var names = Enumerable.Range(0, 500).Select(i => $"{i:D3}").ToList();

        await fixture.UploadAsync(names);

        await fixture.WhenCompletedAsync("Work", names.Count);
        Assert.Equal(names, work.Handled.Order());
        Assert.Equal(6, work.MostAtATime);
    }

    [Fact]
    public async Task Two_hosts_handle_each_blob_once_between_them()
    {
        var fixture = new BlobFixture(azurite);
        var work = new Work();
        await using var one = await TestHost.StartAsync<Working>(fixture.Settings, work);
        await using var other = await TestHost.StartAsync<Working>(fixture.Settings, work);
        var names = Enumerable.Range(0, 200).Select(i => $"{i:D3}").ToList();

        await fixture.UploadAsync(names);

        await fixture.WhenCompletedAsync("Work", names.Count);
        Assert.Equal(names, work.Handled.Order());
        Assert.All(new[] { one, other }, host => Assert.Contains(host.Log.Messages, message => message.Contains("(Succeeded", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_blob_is_handled_once_across_restarts_and_again_when_it_changes()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await fixture.UploadAsync("old", "kept");
        await using (await TestHost.StartAsync<Reading>(fixture.Settings, calls))
        {
            Assert.Equal(["kept", "old"], (await calls.NextAsync(2)).Select(call => call.Name).Order());
            await fixture.WhenCompletedAsync("Read", 2);
        }

        await fixture.Uploads.GetBlobClient("old").UploadAsync(BinaryData.FromString("changed"), overwrite: true);
        await fixture.UploadAsync("new");
        await using (await TestHost.StartAsync<Reading>(fixture.Settings, calls))
        {
            var handed = await calls.NextAsync(2);
            await fixture.WhenCompletedAsync("Read", 4);

            Assert.Equal([new("Read", "new", "new"), new("Read", "old", "changed")], handed.OrderBy(call => call.Name));
            Assert.Empty(calls.Rest());
        }
    }

    [Fact]
    public async Task A_receipt_is_where_the_real_host_has_it()
    {
        var fixture = new BlobFixture(azurite);
        await fixture.UploadAsync("a folder/name");
        await using var host = await TestHost.StartAsync<Reading>(fixture.Settings, new Calls<BlobHandedOver>());
        await fixture.WhenCompletedAsync("Read", 1);

        var (name, metadata) = Assert.Single(await fixture.ListReceiptsAsync("Read"));

        var etag = (await fixture.Uploads.GetBlobClient("a folder/name").GetPropertiesAsync()).Value.ETag;
        Assert.Equal($"{etag.ToString("H")}/{fixture.Uploads.Name}/a folder/name", name);
        Assert.Equal([("Completed", "True"), ("Tries", "1")], metadata.Select(entry => (entry.Key, entry.Value)).Order());
    }

    [Fact]
    public async Task A_name_that_leaves_no_room_for_a_receipts_name_is_handled_once_too()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        var name = string.Join('/', Enumerable.Repeat(new string('n', 99), 10));
        await fixture.UploadAsync(name);
        await using (await TestHost.StartAsync<Reading>(fixture.Settings, calls))
        {
            Assert.Equal(name, (await calls.NextAsync()).Name);
            await fixture.WhenCompletedAsync("Read", 1);
        }

        await using (await TestHost.StartAsync<Reading>(fixture.Settings, calls))
        {
            await fixture.UploadAsync("second");
            Assert.Equal("second", (await calls.NextAsync()).Name);
        }
    }

    [Fact]
    public async Task A_container_may_come_after_the_host()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await using var host = await TestHost.StartAsync<Reading>(fixture.Settings, calls);

        await fixture.UploadAsync("late");

        Assert.Equal("late", (await calls.NextAsync()).Name);
        Assert.DoesNotContain(host.Log.Messages, message => message.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_blob_that_always_fails_is_tried_five_times_and_then_told_to_the_poison_queue()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        var queue = new QueueServiceClient(azurite.ConnectionString).GetQueueClient("webjobs-blobtrigger-poison");
        await queue.DeleteIfExistsAsync();
        await using var host = await TestHost.StartAsync<Failing>(fixture.Settings, calls);

        await fixture.UploadAsync("bad");

        await fixture.WhenCompletedAsync("Fail", 1);
        Assert.Equal([0, 1, 2, 3, 4], calls.Rest().Select(call => call.Try));
        var message = Assert.Single((await queue.ReceiveMessagesAsync(32)).Value);
        var json = JsonDocument.Parse(Convert.FromBase64String(message.Body.ToString())).RootElement;
        Assert.Equal(
            ["Type", "FunctionId", "BlobType", "ContainerName", "BlobName", "ETag"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal("Host.Functions.Fail", json.GetProperty("FunctionId").GetString());
        Assert.Equal("BlockBlob", json.GetProperty("BlobType").GetString());
        Assert.Equal(fixture.Uploads.Name, json.GetProperty("ContainerName").GetString());
        Assert.Equal("bad", json.GetProperty("BlobName").GetString());
        Assert.Equal((await fixture.Uploads.GetBlobClient("bad").GetPropertiesAsync()).Value.ETag.ToString("H"), json.GetProperty("ETag").GetString());
    }

    [Fact]
    public async Task Tries_are_counted_across_restarts_and_a_stop_is_no_try()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await using (var host = await TestHost.StartAsync<FailingThenWaiting>(fixture.Settings, calls))
        {
            await fixture.UploadAsync("slow");
            Assert.Equal([0, 1], (await calls.NextAsync(2)).Select(call => call.Try));

            // The second waits for its token, which the stop signals.
            await host.StopAsync();
        }

        await using (await TestHost.StartAsync<Reading>(fixture.Settings, calls))
        {
            // Another function's receipts are other receipts: this one begins anew.
            Assert.Equal(new BlobHandedOver("Read", "slow", "slow", Try: 0), await calls.NextAsync());
        }

        await using (await TestHost.StartAsync<FailingThenWaiting>(fixture.Settings, calls))
            Assert.Equal(1, (await calls.NextAsync()).Try);
    }

    [Fact]
    public async Task A_blob_that_is_deleted_or_replaced_before_its_turn_is_not_handed_over_as_it_was()
    {
        var fixture = new BlobFixture(azurite, maxDegreeOfParallelism: 1);
        var work = new Work { Gate = new TaskCompletionSource() };
        await fixture.UploadAsync("a", "b", "c");
        await using var host = await TestHost.StartAsync<Working>(fixture.Settings, work);
        await work.Began;

        // The listing that found all three waits for the first.
        await fixture.Uploads.GetBlobClient("b").DeleteAsync();
        await fixture.Uploads.GetBlobClient("c").UploadAsync(BinaryData.FromString("c, replaced"), overwrite: true);
        work.Gate.SetResult();

        // The first, the one that was, and both states of the third.
        await fixture.WhenCompletedAsync("Work", 4);
        Assert.Equal(["a", "c, replaced"], work.Handled.Order());
        Assert.DoesNotContain(host.Log.Messages, message => message.Contains("Failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_function_that_waits_for_Event_Grid_gets_no_blobs_by_polling_and_the_list_at_start_says_so()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await fixture.UploadAsync("first");
        await using var host = await TestHost.StartAsync<BothSources>(fixture.Settings, calls);

        Assert.Equal("OnPoll", (await calls.NextAsync()).Function);
        await fixture.WhenCompletedAsync("OnPoll", 1);
        await fixture.UploadAsync("second");
        Assert.Equal(new BlobHandedOver("OnPoll", "second", "second"), await calls.NextAsync());

        Assert.Empty(calls.Rest());
        Assert.Empty(await fixture.ListReceiptsAsync("OnEvent"));
        var output = host.Output.ToString();
        Assert.Contains("\tOnEvent: blobTrigger (waits for Event Grid, which does not reach the self-host)\n", output, StringComparison.Ordinal);
        Assert.Contains("\tOnPoll: blobTrigger\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blobs_that_were_handled_under_a_former_name_of_the_function_are_not_new()
    {
        var fixture = new BlobFixture(azurite);
        var before = new Calls<BlobHandedOver>();
        // The second leaves room for its path in the name of a receipt under the former name, and none under the present one.
        await fixture.UploadAsync("handled", string.Join('/', Enumerable.Repeat(new string('n', 99), 9)));
        await using (await TestHost.StartAsync<Reading>(fixture.Settings, before))
        {
            await before.NextAsync(2);
            await fixture.WhenCompletedAsync("Read", 2);
        }

        await fixture.UploadAsync("new");
        var calls = new Calls<BlobHandedOver>();
        var setup = new TestHostSetup
        {
            Functions = [typeof(Renamed)],
            Settings = fixture.Settings,
            Configure = builder => builder.Services.AddSingleton(calls),
            FormerNames = new Dictionary<string, string> { ["Read"] = "ReadUnderAVeryMuchLongerName" },
        };
        await using var host = await TestHost.StartAsync(setup);

        Assert.Equal("new", (await calls.NextAsync()).Name);
        await fixture.WhenCompletedAsync("ReadUnderAVeryMuchLongerName", 1);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task Tries_under_a_former_name_of_the_function_count()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await using (var host = await TestHost.StartAsync<FailingThenWaiting>(fixture.Settings, calls))
        {
            await fixture.UploadAsync("slow");
            Assert.Equal([0, 1], (await calls.NextAsync(2)).Select(call => call.Try));
            await host.StopAsync();
        }

        var setup = new TestHostSetup
        {
            Functions = [typeof(Renamed)],
            Settings = fixture.Settings,
            Configure = builder => builder.Services.AddSingleton(calls),
            FormerNames = new Dictionary<string, string> { ["FailThenWait"] = "ReadUnderAVeryMuchLongerName" },
        };
        await using var next = await TestHost.StartAsync(setup);

        // The first has failed; the second was stopped, which is no try.
        Assert.Equal(1, (await calls.NextAsync()).Try);
    }

    [Fact]
    public async Task Deleting_a_receipt_makes_its_blob_new_again()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await fixture.UploadAsync("again");
        await using var host = await TestHost.StartAsync<Reading>(fixture.Settings, calls, clock);
        Assert.Equal("again", (await calls.NextAsync()).Name);
        await fixture.WhenCompletedAsync("Read", 1);
        await fixture.Hosts.DeleteBlobAsync(fixture.ReceiptsOf("Read") + (await fixture.ListReceiptsAsync("Read")).Keys.Single());

        while (calls.Rest() is not [{ Name: "again" }])
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        await fixture.WhenCompletedAsync("Read", 1);
    }

    [Fact]
    public async Task Thousands_of_blobs_that_were_handled_long_ago_cost_no_request_each()
    {
        var fixture = new BlobFixture(azurite);
        await fixture.Uploads.CreateAsync();
        await fixture.Hosts.CreateIfNotExistsAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2500), async (i, cancellationToken) =>
        {
            var blob = await fixture.Uploads.GetBlobClient($"{i:D4}").UploadAsync(BinaryData.FromString(""), cancellationToken);
            var receipt = fixture.Hosts.GetBlobClient($"{fixture.ReceiptsOf("Read")}{blob.Value.ETag.ToString("H")}/{fixture.Uploads.Name}/{i:D4}");
            var completed = new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["Completed"] = "True" } };
            await receipt.UploadAsync(BinaryData.FromString(""), completed, cancellationToken);
        });
        var calls = new Calls<BlobHandedOver>();
        var requests = new ConcurrentQueue<string>();
        using (new AzureEventSourceListener((request, _) => requests.Enqueue($"{request.Payload?[1]} {request.Payload?[2]}"), EventLevel.Informational))
        {
            await using var host = await TestHost.StartAsync<Reading>(fixture.Settings, calls);
            await fixture.UploadAsync("last");
            Assert.Equal("last", (await calls.NextAsync()).Name);
        }

        Assert.Empty(calls.Rest());
        Assert.Contains(requests, request => request.Contains("comp=list", StringComparison.Ordinal) && request.Contains(fixture.Uploads.Name, StringComparison.Ordinal));
        Assert.DoesNotContain(requests, request => Regex.IsMatch(request, $@"{fixture.Uploads.Name}/\d\d\d\d"));
    }

    private sealed class Reading(Calls<BlobHandedOver> calls)
    {
        [Function("Read")]
        public void Run([BlobTrigger("%Uploads%/{name}")] string blob, string name, FunctionContext context) =>
            calls.Add(new("Read", name, blob, context.RetryContext.RetryCount));
    }

    private sealed class Renamed(Calls<BlobHandedOver> calls)
    {
        [Function("ReadUnderAVeryMuchLongerName")]
        public void Run([BlobTrigger("%Uploads%/{name}")] string blob, string name, FunctionContext context) =>
            calls.Add(new("Renamed", name, blob, context.RetryContext.RetryCount));
    }

    private sealed class BothSources(Calls<BlobHandedOver> calls)
    {
        [Function("OnEvent")]
        public void RunOnEvent([BlobTrigger("%Uploads%/{name}", Source = BlobTriggerSource.EventGrid)] string blob, string name) =>
            calls.Add(new("OnEvent", name, blob));

        [Function("OnPoll")]
        public void RunOnPoll([BlobTrigger("%Uploads%/{name}", Source = BlobTriggerSource.LogsAndContainerScan)] string blob, string name) =>
            calls.Add(new("OnPoll", name, blob));
    }

    private sealed class Failing(Calls<BlobHandedOver> calls)
    {
        [Function("Fail")]
        public void Run([BlobTrigger("%Uploads%/{name}")] string blob, string name, FunctionContext context)
        {
            calls.Add(new("Fail", name, blob, context.RetryContext.RetryCount));
            throw new InvalidOperationException("It always fails.");
        }
    }

    private sealed class FailingThenWaiting(Calls<BlobHandedOver> calls)
    {
        [Function("FailThenWait")]
        public async Task Run([BlobTrigger("%Uploads%/{name}")] string blob, string name, FunctionContext context, CancellationToken cancellationToken)
        {
            calls.Add(new("FailThenWait", name, blob, context.RetryContext.RetryCount));
            if (context.RetryContext.RetryCount == 0)
                throw new InvalidOperationException("The first always fails.");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private sealed class Working(Work work)
    {
        [Function("Work")]
        public Task Run([BlobTrigger("%Uploads%")] string blob, CancellationToken cancellationToken) => work.DoAsync(blob, cancellationToken);
    }

    // What a function does that must be watched while it does it.
    private sealed class Work
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _atATime;
        private int _most;

        /// <summary>What the first must wait for.</summary>
        public TaskCompletionSource? Gate { get; init; }

        /// <summary>How many the first must wait for to be under way together.</summary>
        public int Parallel { get; init; }

        public Task Began => _began.Task;

        public int MostAtATime => _most;

        public ConcurrentQueue<string> Handled { get; } = [];

        public async Task DoAsync(string blob, CancellationToken cancellationToken)
        {
            var now = Interlocked.Increment(ref _atATime);
            InterlockedMax(ref _most, now);
            if (_began.TrySetResult() && Gate is not null)
                await Gate.Task.WaitAsync(cancellationToken);
            if (now >= Parallel)
                _full.TrySetResult();
            await _full.Task.WaitAsync(cancellationToken);
            Handled.Enqueue(blob);
            Interlocked.Decrement(ref _atATime);
        }

        private static void InterlockedMax(ref int target, int value)
        {
            for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
                Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
