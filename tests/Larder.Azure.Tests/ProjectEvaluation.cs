using System.Diagnostics;
using System.Text.Json;

namespace Larder.Azure.Tests;

/// <summary>A project as MSBuild evaluates it: nothing is restored or built.</summary>
/// <param name="Path">The project file, from the repository's root.</param>
/// <param name="Properties">The properties that were asked for.</param>
/// <param name="Items">The items that were asked for, by type: each with its metadata.</param>
internal sealed record ProjectEvaluation(
    string Path, IReadOnlyDictionary<string, string> Properties, IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyDictionary<string, string>>> Items)
{
    private const string ItemTypes = "PackageReference,PackageVersion,ProjectReference,Reference,PrunePackageReference,Compile";

    private const string PropertyNames =
        "FunctionsHost,TargetFramework,AzureFunctionsVersion,OutputType,RuntimeIdentifier,SelfContained,PublishReadyToRun,BaseOutputPath,BaseIntermediateOutputPath";

    /// <summary>Evaluates a project and, through its references, all that it needs.</summary>
    /// <param name="project">The project file, from the repository's root.</param>
    /// <param name="properties">Properties of the command line: <c>Name=value</c>.</param>
    public static async Task<IReadOnlyList<ProjectEvaluation>> WithReferencesAsync(string project, params string[] properties)
    {
        var found = new Dictionary<string, ProjectEvaluation>();
        var waiting = new Queue<string>([project]);
        while (waiting.TryDequeue(out var next))
        {
            if (found.ContainsKey(next))
                continue;
            var evaluation = await EvaluateAsync(next, properties);
            found.Add(next, evaluation);
            foreach (var reference in evaluation.Items["ProjectReference"])
                waiting.Enqueue(Repository.Relative(reference["FullPath"]));
        }

        return [.. found.Values];
    }

    /// <summary>Evaluates a project.</summary>
    public static async Task<ProjectEvaluation> EvaluateAsync(string project, params string[] properties)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "msbuild", Repository.Path(project), $"-getItem:{ItemTypes}", $"-getProperty:{PropertyNames}", "-nodeReuse:false", .. properties.Select(property => $"-p:{property}"),
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // The SDK that runs the tests sets some, which are not another build's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{project} cannot be evaluated: {output} {await errors}");

        using var json = JsonDocument.Parse(output);
        return new ProjectEvaluation(
            project,
            json.RootElement.GetProperty("Properties").Deserialize<Dictionary<string, string>>()!,
            json.RootElement.GetProperty("Items").EnumerateObject().ToDictionary(
                type => type.Name,
                type => (IReadOnlyList<IReadOnlyDictionary<string, string>>)[.. type.Value.EnumerateArray().Select(item => item.Deserialize<Dictionary<string, string>>()!)]));
    }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
