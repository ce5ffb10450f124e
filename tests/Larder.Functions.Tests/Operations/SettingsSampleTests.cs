using System.Reflection;
using System.Text.Json;
using Larder.Inference;
using Larder.Registry;

namespace Larder.Functions.Tests;

public sealed class SettingsSampleTests
{
    public static TheoryData<Type, string> Sections => new()
    {
        { typeof(InferenceLimits), "Limits" },
        { typeof(ValidationLimits), "Limits" },
        { typeof(PublishingOptions), "Limits" },
        { typeof(PredictionLimits), "Limits" },
        { typeof(ImageLimits), "Limits:Image" },
        { typeof(CatalogOptions), "Cache" },
        { typeof(SweeperOptions), "Sweep" },
        { typeof(Larder.Orchestrations.JobLimits), "Limits:Job" },
        { typeof(Larder.Orchestrations.ScheduleOptions), "Schedules" },
    };

    [Theory]
    [MemberData(nameof(Sections))]
    public void The_sample_lists_every_setting_with_its_default_and_a_comment(Type options, string section)
    {
        var sample = Sample();
        var defaults = Activator.CreateInstance(options);

        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            // Not a setting: it is below LocalFolder.
            if (property.Name == nameof(PublishingOptions.StagingFolder))
                continue;
            var key = $"{section}:{property.Name}";
            Assert.True(sample.TryGetValue(key, out var value), $"{key} is not in local.settings.sample.json.");
            Assert.Equal(FormattableString.Invariant($"{property.GetValue(defaults)}"), value);
            Assert.NotEmpty(sample[$"_{key}"]);
        }
    }

    [Fact]
    public void The_sample_lists_no_setting_that_does_not_exist()
    {
        var known = Sections.SelectMany(row => ((Type)row[0]).GetProperties().Select(property => $"{row[1]}:{property.Name}")).ToHashSet();

        var unknown = Sample().Keys.Where(key => key.Split(':')[0] is "Limits" or "Cache" or "Sweep" or "Schedules" && !known.Contains(key));

        Assert.Empty(unknown);
    }

    private static Dictionary<string, string> Sample()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));
        return json.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
    }
}
