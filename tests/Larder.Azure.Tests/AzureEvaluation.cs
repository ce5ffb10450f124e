namespace Larder.Azure.Tests;

/// <summary>What <c>dotnet publish functions -c Release -p:FunctionsHost=azure</c> would build, evaluated once for all tests.</summary>
public sealed class AzureEvaluation : IAsyncLifetime
{
    /// <summary>The functions app, and all projects that it refers to.</summary>
    internal IReadOnlyList<ProjectEvaluation> Projects { get; private set; } = [];

    /// <summary>The functions app.</summary>
    internal ProjectEvaluation App => Projects[0];

    /// <inheritdoc/>
    public async Task InitializeAsync() =>
        Projects = await ProjectEvaluation.WithReferencesAsync("functions/Larder.Functions.csproj", "FunctionsHost=azure", "Configuration=Release");

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.CompletedTask;
}
