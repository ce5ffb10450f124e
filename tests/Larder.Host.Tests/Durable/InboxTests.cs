using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Larder.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests.Durable;

/// <summary>What clients in other processes leave for the host.</summary>
public sealed class InboxTests(Azurite azurite) : IClassFixture<Azurite>
{
    public static class Functions
    {
        [Function("Hello")]
        public static Task<string> Hello([OrchestrationTrigger] TaskOrchestrationContext context) => Task.FromResult("hello");
    }

    /// <summary>Does something when an instance has been looked for and was not there, before who looked learns of it.</summary>
    private sealed class WhenMissed(string instance, Func<Task> action) : HttpPipelinePolicy
    {
        private readonly string path = "/" + BlobNames.Instance(instance);
        private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int isMissed;

        public Task Done => done.Task;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            var isMiss = message.Request.Method == RequestMethod.Get && message.Response.Status == 404 &&
                Uri.UnescapeDataString(message.Request.Uri.Path).EndsWith(path, StringComparison.Ordinal);
            if (!isMiss || Interlocked.Exchange(ref isMissed, 1) == 1)
                return;
            await action();
            done.SetResult();
        }
    }

    [Fact]
    public async Task An_instance_that_is_stored_at_the_moment_when_the_host_looks_for_it_runs()
    {
        // A client announces an instance before it stores it, so the host may look between the two.
        const string id = "announced";
        var hub = DurableHost.NewHubName();
        var container = $"durable-{hub.ToLowerInvariant()}";
        var theirs = new HubStore(new BlobContainerClient(azurite.ConnectionString, container));
        var document = NewInstance.Describe(id, "Hello", "", DateTimeOffset.UtcNow);
        var options = new BlobClientOptions();
        var missed = new WhenMissed(id, () => theirs.Instances.WriteAsync(document, null, default));
        options.AddPolicy(missed, HttpPipelinePosition.PerCall);
        var store = new HubStore(new BlobContainerClient(azurite.ConnectionString, container, options));
        await theirs.CreateAsync(default);

        await using var host = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)], builder => builder.Services.AddSingleton(store));
        await theirs.Inbox.WriteAsync(new InboxMessage("wake", InboxKind.Wake, id, document.Execution), default);
        await missed.Done;

        Assert.Equal("hello", (await host.EndOf(id)).ReadOutputAs<string>());
    }
}
