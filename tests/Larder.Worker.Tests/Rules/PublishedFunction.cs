using System.Text.Json;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests.Rules;

/// <summary>A function as functions.metadata has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="EntryPoint">Its method.</param>
/// <param name="Bindings">Its bindings.</param>
internal sealed record PublishedFunction(string Name, string EntryPoint, IReadOnlyList<FunctionBinding> Bindings)
{
    /// <summary>What starts it.</summary>
    public FunctionBinding Trigger => Bindings.Single(binding => binding.IsTrigger);

    /// <summary>Reads the functions of a published app.</summary>
    public static async Task<IReadOnlyList<PublishedFunction>> ReadAsync(string app)
    {
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(app, "functions.metadata")));
        return
        [
            .. json.RootElement.EnumerateArray().Select(function => new PublishedFunction(
                function.GetProperty("name").GetString()!,
                function.GetProperty("entryPoint").GetString()!,
                [.. function.GetProperty("bindings").EnumerateArray().Select(binding => FunctionBinding.Parse(binding.GetRawText()))])),
        ];
    }
}
