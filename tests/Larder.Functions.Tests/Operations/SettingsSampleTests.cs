using System.Collections;
using System.Reflection;
using System.Text.Json;
using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Prediction;
using Larder.Inference.Images;
using Larder.Inference.Limits;
using Larder.Inference.Validation;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Compute.Processes;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Backup;
using Larder.Registry.Catalog;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Tests.Operations;

public sealed class SettingsSampleTests
{
    public static TheoryData<Type, string> Sections => new()
    {
        { typeof(InferenceLimits), "Limits" },
        { typeof(ValidationLimits), "Limits" },
        { typeof(PublishingOptions), "Limits" },
        { typeof(PredictionLimits), "Limits" },
        { typeof(CompressionLimits), "Limits" },
        { typeof(RequestTimeoutOptions), "Limits" },
        { typeof(WarmupOptions), "Warmup" },
        { typeof(SampleLimits), "Limits:Samples" },
        { typeof(ImageLimits), "Limits:Image" },
        { typeof(CatalogOptions), "Cache" },
        { typeof(GarbageCollectionOptions), "GarbageCollection" },
        { typeof(RetentionOptions), "Retention" },
        { typeof(StoreOptions), "Store" },
        { typeof(CosmosOptions), "Store:Cosmos" },
        { typeof(JobLimits), "Limits:Job" },
        { typeof(ArchiveLimits), "Limits:Archive" },
        { typeof(ImportLimits), "Limits:Import" },
        { typeof(IngestionOptions), "Ingestion" },
        { typeof(UploadSessionOptions), "Uploads" },
        { typeof(ScoringLimits), "Limits:Scoring" },
        { typeof(ComputeOptions), "Jobs" },
        { typeof(ProcessComputeOptions), "Jobs:Process" },
        { typeof(ContainerInstanceOptions), "Jobs:ContainerInstances" },
        { typeof(ScheduleOptions), "Schedules" },
        { typeof(AccessOptions), "Access" },
        { typeof(RateOptions), "Limits:Rate" },
        { typeof(TokenCacheOptions), "Access:Tokens" },
        { typeof(WrongCredentialOptions), "Limits:WrongCredentials" },
        { typeof(LogStreamLimits), "Limits:LogStreams" },
    };

    [Theory]
    [MemberData(nameof(Sections))]
    public void The_sample_lists_every_setting_with_its_default_and_a_comment(Type options, string section)
    {
        var sample = Sample();
        var defaults = Activator.CreateInstance(options);

        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            // Not settings: the folder is below LocalFolder, and what has no setter is computed.
            if (property.Name is nameof(PublishingOptions.StagingFolder) || property.SetMethod is null)
                continue;
            var key = $"{section}:{property.Name}";
            // A section whose members have names of the owner's: the sample has one that says nothing.
            if (property.PropertyType.IsAssignableTo(typeof(IDictionary)))
            {
                Assert.Contains(sample, setting => setting.Key.StartsWith($"{key}:example", StringComparison.Ordinal) && setting.Value.Length == 0);
                continue;
            }
            Assert.True(sample.TryGetValue(key, out var value), $"{key} is not in local.settings.sample.json.");
            Assert.Equal(FormattableString.Invariant($"{property.GetValue(defaults)}"), value, ignoreCase: property.PropertyType == typeof(bool));
            Assert.NotEmpty(sample[$"_{key}"]);
        }
    }

    [Theory]
    [MemberData(nameof(Sections))]
    public void The_sample_binds_to_the_defaults(Type options, string section)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(Sample()!).Build();
        var bound = Activator.CreateInstance(options)!;

        settings.GetSection(section).Bind(bound);

        // Texts that say nothing may be empty or absent.
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            if (!property.PropertyType.IsAssignableTo(typeof(IDictionary)))
                Assert.Equal(property.GetValue(Activator.CreateInstance(options)) ?? "", property.GetValue(bound) ?? "");
    }

    [Fact]
    public void The_sample_lists_no_setting_that_does_not_exist()
    {
        var known = Sections.SelectMany(row => ((Type)row[0]).GetProperties().Select(property => $"{row[1]}:{property.Name}")).ToHashSet();

        var unknown = Sample().Keys.Where(
            key => key.Split(':')[0] is "Limits" or "Cache" or "GarbageCollection" or "Retention" or "Jobs" or "Ingestion" or "Uploads" or "Schedules" or "Access" or "Warmup"
                && !known.Contains(key.Split(":example")[0]));

        Assert.Empty(unknown);
    }

    [Fact]
    public void The_sample_gives_nobody_a_role()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(Sample()!).Build();

        Assert.False(settings.GetSection("Access").Get<AccessOptions>()!.GivesRoles);
    }

    private static Dictionary<string, string> Sample()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));
        return json.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
    }
}
