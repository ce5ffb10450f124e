using System.Net;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Host.Tests;

public sealed class DisabledFunctionTests
{
    public sealed class Functions
    {
        [Function("Old")]
        public IActionResult Old([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "old")] HttpRequest request) => new OkResult();

        [Function("New")]
        public IActionResult New([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "new")] HttpRequest request) => new OkResult();

        // None of these could be bound: settings are missing, and there is no storage.
        [Function("Tick")]
        public void Tick([TimerTrigger("%NoSuchSetting%")] TimerInfo timer)
        {
        }

        [Function("Drop")]
        public void Drop([BlobTrigger("%NoSuchSetting%/{name}")] string blob)
        {
        }

        [Function("Train")]
        public static Task Train([OrchestrationTrigger] TaskOrchestrationContext context) => Task.CompletedTask;

        [Function("Stage")]
        public static string Stage([ActivityTrigger] string input) => input;

        [Function("Submit")]
        public IActionResult Submit([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "submit")] HttpRequest request, [DurableClient] DurableTaskClient client) => new OkResult();
    }

    private static readonly string[] WithoutStorage = ["Tick", "Drop", "Train", "Stage", "Submit"];

    [Theory]
    [InlineData("AzureWebJobs.{0}.Disabled", "true")]
    [InlineData("AzureWebJobs.{0}.Disabled", "1")]
    [InlineData("AzureWebJobs__{0}__Disabled", "True")]
    [InlineData("AzureWebJobs:{0}:Disabled", "true")]
    public async Task A_disabled_function_is_not_there_whatever_triggers_it_and_is_listed_as_disabled(string setting, string value)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Functions)],
            Arguments = ["--port", "0", .. WithoutStorage.Prepend("old").SelectMany(name => new[] { "--setting", $"{string.Format(null, setting, name)}={value}" })],
        });

        using var old = await host.Client.GetAsync("old");
        using var @new = await host.Client.GetAsync("new");

        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.OK], [old.StatusCode, @new.StatusCode]);
        Assert.Equal(["New"], host.Functions.Select(function => function.Name));
        foreach (var name in WithoutStorage.Prepend("Old"))
            Assert.Contains($"\t{name}: disabled", host.Output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("")]
    public async Task Another_value_disables_nothing(string value)
    {
        await using var host = TestHost.Build(new TestHostSetup
        {
            Functions = [typeof(Functions)],
            Settings = WithoutStorage
                .Select(name => KeyValuePair.Create($"AzureWebJobs.{name}.Disabled", (string?)"true"))
                .Append(new("AzureWebJobs.Old.Disabled", value))
                .ToDictionary(),
        });

        Assert.Equal(["New", "Old"], host.Functions.Select(function => function.Name));
    }
}
