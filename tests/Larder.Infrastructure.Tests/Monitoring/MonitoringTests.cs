using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Monitoring;

/// <summary>The dashboard and the alerts of deploy/ against the metrics that the sources make.</summary>
public sealed partial class MonitoringTests
{
    private const string Dashboard = "deploy/grafana/larder.json";
    private const string Alerts = "deploy/prometheus/alerts.yml";

    // .NET's own meter System.Runtime (docs/api.md#metrics), as far as it is used.
    private static readonly string[] OfRuntime = ["dotnet_process_memory_working_set_bytes", "dotnet_process_cpu_time_seconds_total", "dotnet_exceptions_total"];

    [Theory]
    [InlineData(Dashboard)]
    [InlineData(Alerts)]
    public void Every_metric_is_one_that_is_made(string file)
    {
        var named = Metric().Matches(Repository.Read(file)).Select(match => match.Value).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Except([.. Made(), .. OfRuntime]));
    }

    [Fact]
    public void The_page_on_metrics_has_every_metric_that_is_made()
    {
        var page = Repository.Read("docs/reference/metrics.md");

        Assert.All(Instruments().Select(instrument => instrument.Groups["name"].Value), name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_panel_has_queries_of_the_chosen_data_source()
    {
        var panels = JsonNode.Parse(Repository.Read(Dashboard))!["panels"]!.AsArray().Where(panel => $"{panel!["type"]}" != "row").ToList();

        Assert.NotEmpty(panels);
        Assert.All(panels, panel =>
        {
            Assert.Equal("${datasource}", $"{panel!["datasource"]!["uid"]}");
            Assert.NotEmpty($"{panel["title"]}");
            Assert.All(panel["targets"]!.AsArray(), target => Assert.Contains("instance=~\"$instance\"", $"{target!["expr"]}", StringComparison.Ordinal));
            Assert.NotEmpty(panel["targets"]!.AsArray());
        });
        Assert.Equal(panels.Count, panels.Select(panel => $"{panel!["id"]}").Distinct().Count());
    }

    [PromtoolFact]
    public void Prometheus_takes_the_rules()
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "rules", Repository.Path(Alerts)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = promtool.StandardOutput.ReadToEnd();
        var errors = promtool.StandardError.ReadToEnd();
        promtool.WaitForExit();

        Assert.True(promtool.ExitCode == 0, output + errors);
        Assert.Contains("SUCCESS", output, StringComparison.Ordinal);
    }

    // The names that OpenTelemetry's exporter gives the instruments: points become underscores, and units and kinds are added.
    private static HashSet<string> Made()
    {
        var names = new HashSet<string>();
        foreach (var instrument in Instruments())
        {
            var name = instrument.Groups["name"].Value.Replace('.', '_');
            var seconds = instrument.Groups["unit"].Value == "s" ? "_seconds" : "";
            switch (instrument.Groups["kind"].Value)
            {
                case "Counter":
                    names.Add($"{name}_total");
                    break;
                case "Histogram":
                    names.UnionWith([$"{name}{seconds}", $"{name}{seconds}_bucket", $"{name}{seconds}_sum", $"{name}{seconds}_count"]);
                    break;
                default:
                    names.Add($"{name}{seconds}");
                    break;
            }
        }
        Assert.Contains("larder_prediction_duration_seconds_bucket", names);
        return names;
    }

    private static IEnumerable<Match> Instruments() => Repository.Files()
        .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && !file.StartsWith("tests/", StringComparison.Ordinal))
        .SelectMany(file => Instrument().Matches(Repository.Read(file)));

    [GeneratedRegex(@"\b(?:larder|dotnet|nv)_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("""\.Create(?:Observable)?(?<kind>Counter|Histogram|Gauge|UpDownCounter)(?:<\w+>)?\(\s*"(?<name>[\w.]+)"(?:,[^"]*"(?<unit>[^"]*)")?""")]
    private static partial Regex Instrument();
}

/// <summary>A test that needs promtool; skipped, with the reason, where there is none.</summary>
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute() => Skip = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool")))
        ? null
        : "promtool is not installed: it is in Debian's package prometheus.";
}
