namespace Larder.Registry.Backup;

/// <summary>A part of a registry that exports have: documents of one kind.</summary>
internal interface IExportedCollection
{
    /// <summary>Adds what is selected, in an order that is always the same; and names the artifacts that belong to it.</summary>
    Task WriteAsync(ExportWriter writer, ExportSelection selection, CancellationToken cancellationToken);
}
