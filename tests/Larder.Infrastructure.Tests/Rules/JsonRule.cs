using System.Text.Json;

namespace Larder.Infrastructure.Tests;

/// <summary>What is loaded from JSON is there: the file, the path in it, and each property that the source then uses.</summary>
internal sealed class JsonRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources)
    {
        var calls = file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<CallExpression>().Where(call => call.Function == "loadJsonContent");
        foreach (var call in calls)
        {
            if (call.Arguments is not ([{ Text: not null }] or [{ Text: not null }, { Text: not null }]))
                yield return new(call.At, "loadJsonContent takes a path, and perhaps the path of a property, as plain strings");
            else if (Load(file, sources, call) is null)
                yield return new(call.At, $"there is no {string.Join(" with ", call.Arguments.Select(argument => argument.Text))}");
        }
        foreach (var variable in file.All<VariableDeclaration>())
        {
            if (variable.Content is not CallExpression { Function: "loadJsonContent" } call || Load(file, sources, call) is not { ValueKind: JsonValueKind.Object } loaded)
                continue;
            foreach (var member in file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<MemberExpression>())
            {
                if (member.Target is NameExpression name && name.Name == variable.Name && !loaded.TryGetProperty(member.Member, out _))
                    yield return new(member.At, $"{call.Arguments[0].Text} has no '{member.Member}'");
            }
        }
    }

    private static JsonElement? Load(BicepFile file, Sources sources, CallExpression call)
    {
        if (call.Arguments is not [{ Text: { } path }, ..] || sources.FindJson(file, path) is not { } json)
            return null;
        foreach (var part in call.Arguments.ElementAtOrDefault(1)?.Text?.Split('.') ?? [])
        {
            if (!json.TryGetProperty(part, out json))
                return null;
        }
        return json;
    }
}
