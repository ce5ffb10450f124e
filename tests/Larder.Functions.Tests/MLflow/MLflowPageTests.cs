using System.Reflection;
using System.Text.RegularExpressions;
using Larder.Functions.Http;

namespace Larder.Functions.Tests.MLflow;

/// <summary>docs/mlflow.md lists every route of MLflow's tracking API, each with a test that there is.</summary>
public sealed partial class MLflowPageTests
{
    private static readonly string[] Bases = ["/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/", "/api/3.0/mlflow/", "/get-artifact", "/model-versions/"];

    private static readonly List<Match> Rows = Row().Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "mlflow.md")).ReplaceLineEndings("\n")).ToList();

    [Fact]
    public void The_page_has_every_route_once_and_no_other() => Assert.Equal(
        new RouteTable().Entries.Where(route => Bases.Any(path => route.Path.StartsWith(path, StringComparison.Ordinal)))
            .SelectMany(route => route.Methods.Select(method => $"{method} {route.Path}")).Order(StringComparer.Ordinal),
        Rows.Select(row => $"{row.Groups["method"].Value} {(row.Groups["path"].Value is ['/', ..] and var path ? path : Bases[0] + row.Groups["path"].Value)}").Order(StringComparer.Ordinal));

    [Fact]
    public void Each_row_names_a_test_that_there_is()
    {
        var tests = typeof(MLflowPageTests).Assembly.GetTypes().Where(type => type.Namespace == typeof(MLflowPageTests).Namespace)
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(method => method.IsDefined(typeof(FactAttribute))).Select(method => $"{type.Name}.{method.Name}")).ToHashSet();

        Assert.True(Rows.Count > 30, $"{Rows.Count}");
        Assert.Empty(Rows.Select(row => row.Groups["test"].Value).Except(tests));
        Assert.All(Rows, row => Assert.Contains(row.Groups["state"].Value, new[] { "supported", "differs", "not", "Larder's own" }));
    }

    [GeneratedRegex(@"^\| `(?<method>[A-Z]+) (?<path>[^`]+)` \| (?<state>[^|]+?) \| `(?<test>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
