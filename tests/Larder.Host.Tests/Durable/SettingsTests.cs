using System.Text.Json;
using Larder.Functions.Hosting;
using Larder.Host.Durable;

namespace Larder.Host.Tests.Durable;

/// <summary>What the sample of settings says of orchestrations.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void The_sample_lists_every_setting_with_its_default_and_a_comment()
    {
        using var stream = typeof(LarderServices).Assembly.GetManifestResourceStream("local.settings.sample.json")!;
        using var json = JsonDocument.Parse(stream);
        var sample = json.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
        var defaults = new DurableOptions();

        foreach (var property in typeof(DurableOptions).GetProperties())
        {
            var key = $"{DurableOptions.Section}:{property.Name}";
            Assert.Equal(FormattableString.Invariant($"{property.GetValue(defaults)}"), sample[key]);
            Assert.NotEmpty(sample[$"_{key}"]);
        }
    }
}
