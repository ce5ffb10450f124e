namespace Larder.Infrastructure.Tests.Rules;

/// <summary>What is missing among the app settings, or too much, is found.</summary>
public sealed class AppSettingsRuleTests
{
    private static readonly AppFacts App = new(100, [], []);

    private static readonly Dictionary<string, string> Host = new()
    {
        ["AzureWebJobsStorage__credential"] = "managedidentity",
        ["AzureWebJobsStorage__clientId"] = "id",
        ["AzureWebJobsStorage__blobServiceUri"] = "blob",
        ["AzureWebJobsStorage__queueServiceUri"] = "queue",
        ["AzureWebJobsStorage__tableServiceUri"] = "table",
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = "insights",
        ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] = "insights",
        ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "1100",
    };

    [Theory]
    [InlineData(""" "Preload": "" """, null, "Preload is not set: it has no default")]
    [InlineData(""" "Limits:JsonBytes": "2147483648" """, null, "Limits:JsonBytes is not set: an instance does not hold 2147483648 bytes")]
    [InlineData(""" "_Store": "In Azure: Store__Kind, and __Region. Else Other__Thing.", "Store": "x" """, null,
        "Store:Kind is not set: the sample names it for Azure", "Store:Region is not set: the sample names it for Azure")]
    [InlineData(""" "Preload": "x" """, "Prelod=x", "Prelod is set: the sample does not have it")]
    [InlineData(""" "Store:Kind": "blobs" """, "Store__Kindd=x", "Store:Kindd is set: the sample does not have it")]
    [InlineData(""" "Limits:ModelBytes": "5" """, "Limits__ModelBytes=2000", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is 1100: the app takes 2100 bytes")]
    [InlineData(""" "Limits:ModelBytes": "5" """, "Limits__ModelBytes=1000")]
    [InlineData(""" "Preload": "", "MasterKey": "", "Jobs:Process:Folder": "", "Limits:Job:OutputBytes": "10737418240", "Limits:MaxNodes": "9999999999" """, "Preload=x")]
    public void What_is_missing_or_too_much_is_found(string sample, string? setting, params string[] expected)
    {
        var settings = new Dictionary<string, string>(Host);
        if (setting is not null)
            settings.Add(setting.Split('=')[0], setting.Split('=')[1]);

        Assert.Equal(expected, AppSettingsRule.Findings($$"""{ "Values": { {{sample}} } }""", settings, App));
    }

    [Theory]
    [InlineData("AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage:tableServiceUri is not set: the host needs it")]
    [InlineData("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is not set: the host needs it")]
    public void Settings_of_the_host_are_asked_for(string name, string finding)
    {
        var settings = new Dictionary<string, string>(Host);
        settings.Remove(name);

        Assert.Equal([finding], AppSettingsRule.Findings("""{ "Values": {} }""", settings, App));
    }

    [Fact]
    public void A_function_that_polls_for_blobs_must_be_disabled_under_the_name_that_the_host_asks_for()
    {
        var app = AppFacts.FromSources(100, [
            """
            [Function("Watch")]
            public Task RunAsync([BlobTrigger("uploads/{name}", Source = BlobTriggerSource.EventGrid, Connection = "AzureWebJobsStorage")] BlobClient blob) => null;
            [Function("WatchByPolling")]
            public Task PollAsync([BlobTrigger("uploads/{name}", Connection = "AzureWebJobsStorage")] BlobClient blob) => null;
            """,
            """[Function(nameof(Other))] public Task RunAsync([HttpTrigger("get")] HttpRequest request) => null;""",
        ]);
        string[] Findings(string name) => [.. AppSettingsRule.Findings("""{ "Values": {} }""", new Dictionary<string, string>(Host) { [name] = "true" }, app)];

        Assert.Equal(["Watch"], app.EventGridFunctions);
        Assert.Equal(["WatchByPolling"], app.PollingFunctions);
        Assert.Empty(Findings("AzureWebJobs.WatchByPolling.Disabled"));
        Assert.Equal(["WatchByPolling polls for blobs, which Flex Consumption does not have, and is not disabled"], Findings("AzureWebJobs.Watch.Disabled"));
        Assert.Contains("AzureWebJobs:WatchByPolling:Disabled is set: the sample does not have it", Findings("AzureWebJobs__WatchByPolling__Disabled"));
    }
}
