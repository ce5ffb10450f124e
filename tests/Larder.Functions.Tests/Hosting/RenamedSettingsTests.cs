using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Tests.Hosting;

/// <summary>A setting with a name of an earlier release is never ignored: the server does not start, and says the new name.</summary>
public sealed class RenamedSettingsTests
{
    private static readonly IReadOnlySet<string> Functions = RoleRequirements.OfThisApp().Names;

    [Theory]
    [InlineData("Cache:Fresh", "Setting Cache:Fresh has a new name: use Cache:SoftTtl.")]
    [InlineData("Cache:Usable", "Setting Cache:Usable has a new name: use Cache:HardTtl.")]
    [InlineData("Cache:Missing", "Setting Cache:Missing has a new name: use Cache:NegativeTtl.")]
    [InlineData("Access:Tokens:Fresh", "Setting Access:Tokens:Fresh has a new name: use Access:Tokens:SoftTtl.")]
    [InlineData("Access:Tokens:Usable", "Setting Access:Tokens:Usable has a new name: use Access:Tokens:HardTtl.")]
    [InlineData("Access:Tokens:Outage", "Setting Access:Tokens:Outage has a new name: use Access:Tokens:OutageTtl.")]
    [InlineData("Ingestion:Settle", "Setting Ingestion:Settle has a new name: use Ingestion:QuietPeriod.")]
    [InlineData("Ingestion:Patience", "Setting Ingestion:Patience has a new name: use Ingestion:Timeout.")]
    [InlineData("Limits:AnswerSeconds", "Setting Limits:AnswerSeconds has a new name: use Limits:RequestTimeout (hh:mm:ss).")]
    [InlineData("Limits:TrialMemoryBytes", "Setting Limits:TrialMemoryBytes has a new name: use Limits:SandboxMemoryBytes.")]
    [InlineData("Limits:TrialsMemoryBytes", "Setting Limits:TrialsMemoryBytes has a new name: use Limits:SandboxTotalMemoryBytes.")]
    [InlineData("Uploads:Life", "Setting Uploads:Life has a new name: use Uploads:Ttl.")]
    [InlineData("Uploads:Keep", "Setting Uploads:Keep has a new name: use Uploads:Retention.")]
    [InlineData("Sweep:Grace", "Setting Sweep:Grace has a new name: use GarbageCollection:GracePeriod.")]
    [InlineData("AzureWebJobs.TendJobs.Disabled", "Setting AzureWebJobs.TendJobs.Disabled has a new name: use AzureWebJobs.ReconcileJobs.Disabled.")]
    [InlineData("AzureWebJobs:Sweep:Disabled", "Setting AzureWebJobs.Sweep.Disabled has a new name: use AzureWebJobs.CollectGarbage.Disabled.")]
    [InlineData("AzureWebJobs.SweepUploads.Disabled", "Setting AzureWebJobs.SweepUploads.Disabled has a new name: use AzureWebJobs.CollectUploadGarbage.Disabled.")]
    [InlineData("AzureWebJobs.NothingHere.Disabled", "Setting AzureWebJobs.NothingHere.Disabled has a new name: use AzureWebJobs.ZzUnknownPath.Disabled.")]
    public void A_former_name_is_refused_with_the_new_one(string name, string sentence) => Assert.Equal([sentence], Problems(name));

    [Theory]
    [InlineData("Cache:SoftTtl")]
    // Event Grid's functions, which took over the names of the polling ones.
    [InlineData("AzureWebJobs.IngestUpload.Disabled")]
    [InlineData("AzureWebJobs.ScoreDroppedFile.Disabled")]
    public void A_present_name_is_not(string name) => Assert.Empty(Problems(name));

    [Fact]
    public void The_sample_has_every_new_name_and_no_former_one()
    {
        var sample = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")).Build().GetSection("Values");

        Assert.All(RenamedSettings.NewNames.Values, name => Assert.True(sample.GetSection(name.Split(' ')[0]).Exists(), name));
        Assert.Empty(RenamedSettings.Problems(sample, Functions));
    }

    [Fact]
    public async Task A_server_with_several_former_names_does_not_start_and_names_all_of_them()
    {
        // Nothing listens there: settings are refused before the server connects to storage.
        const string storage = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;";

        var ended = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await (await LarderProcess.StartAsync(storage, ("Cache:Fresh", "00:00:05"), ("Limits:AnswerSeconds", "150"), ("AzureWebJobs.Sweep.Disabled", "true"))).DisposeAsync());

        Assert.StartsWith("Larder ended with 1 ", ended.Message);
        Assert.Contains("Setting Cache:Fresh has a new name: use Cache:SoftTtl.", ended.Message);
        Assert.Contains("Setting Limits:AnswerSeconds has a new name: use Limits:RequestTimeout (hh:mm:ss).", ended.Message);
        Assert.Contains("Setting AzureWebJobs.Sweep.Disabled has a new name: use AzureWebJobs.CollectGarbage.Disabled.", ended.Message);
        Assert.DoesNotContain("   at ", ended.Message);
    }

    [Fact]
    public void The_isolated_worker_refuses_them_too()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection([new("AzureWebJobsStorage", "UseDevelopmentStorage=true"), new("Uploads:Life", "06:00:00"), new("Uploads:Keep", "18:00:00")]);
        builder.AddLarder();
        using var host = builder.Build();

        var refused = Assert.Throws<OptionsValidationException>(host.Services.GetRequiredService<IStartupValidator>().Validate);

        Assert.Equal(["Setting Uploads:Life has a new name: use Uploads:Ttl.", "Setting Uploads:Keep has a new name: use Uploads:Retention."], refused.Failures);
    }

    private static IEnumerable<string> Problems(string name) =>
        RenamedSettings.Problems(new ConfigurationBuilder().AddInMemoryCollection([new(name, "1")]).Build(), Functions);
}
