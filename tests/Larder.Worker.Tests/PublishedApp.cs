using Larder.Testing;

namespace Larder.Worker.Tests;

/// <summary>The app as <c>dotnet publish functions -c Release</c> leaves it. Published again only if something that it is made of has changed.</summary>
internal static class PublishedApp
{
    private static readonly Lazy<Task<string>> Publishing = new(PublishAsync);

    /// <summary>Its folder.</summary>
    public static Task<string> FolderAsync() => Publishing.Value;

    private static async Task<string> PublishAsync()
    {
        await MSBuild.RunAsync(Repository.Path("tests/Larder.Worker.Tests/Larder.Worker.Tests.csproj"), "-t:PublishApp", "-v:quiet");
        return Repository.Metadata("PublishedApp");
    }
}
